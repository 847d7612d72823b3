"""Values and the pure rules of the business: no I/O, no clock, standard library only."""
