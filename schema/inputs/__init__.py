"""The inputs. An optional field defaults to `UNSET`, so that the schema shows no default of null."""
