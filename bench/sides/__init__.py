"""What is measured: the floor and the servers."""
