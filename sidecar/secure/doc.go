// Package secure makes connections what the ports' terms want them to be, before
// anybody speaks on them: TLS, or plaintext where that is taken. Both come to the
// same port and are told apart by the first byte.
//
// It knows neither files nor policies: those are Terms, asked anew for each
// connection, so that what they say applies at once. It never reads what is said
// inside, and whoever says nothing is not waited for.
package secure
