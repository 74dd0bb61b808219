// Package factor is the second factor: the six digits that an authenticator app
// shows (TOTP, RFC 6238: SHA-1, 30 s). An operator enrolls a person on the
// command line; [Keeper] says whether a code is theirs, spends it, and bounds
// the tries. Secrets are sealed under a key that is not in the database.
//
// It never decides who needs a second factor (the policy does), never asks for a
// code (handlers do), and never has a code, a secret or a key in an error or a
// log line.
package factor
