"""Long proofs, which `make prove` runs; each can be scaled down."""
