"""What pages show of data stores: words, tones, prices and rows, ready for templates that hold no logic."""
