"""What monitoring reads: numbers over the whole installation. Imports watching and below."""
