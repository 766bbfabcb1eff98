"""What schedulers say of nodes."""
