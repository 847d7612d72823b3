"""Load on a server, from processes of their own."""
