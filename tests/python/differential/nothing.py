# Nothing: what the interpreter and the driver leave behind.
