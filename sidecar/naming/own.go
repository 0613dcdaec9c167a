package naming

// Own is what the clients of one member publish in a service.
type Own struct {
	Held  []Instance // by connections
	Beats []Instance // by clients that live by beats
}
