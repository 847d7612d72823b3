"""The inputs. What may be left out is `UNSET` then, so that the schema shows no default of null."""
