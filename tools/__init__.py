"""Tools for the development of stockbatch. They are not part of the package that is installed."""
