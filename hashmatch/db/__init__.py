"""The library: installed hash sets, sealed, ready to be asked."""
