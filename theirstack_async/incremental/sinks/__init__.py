"""Where rows go, for those who want no code of their own."""
