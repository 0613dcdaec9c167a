// Package reach finds clusters and asks their members: through the API server's
// proxy, which takes the right to get pods/proxy, or through a forwarded port,
// which takes the right to create pods/portforward and is how the members' own
// host is reached. It decides nothing; a member that does not answer is an
// answer with an error that says what to do.
package reach
