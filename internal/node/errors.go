package node

// ConfigError marks an error that a restart cannot mend: the configuration, the model, or something that they name is wrong.
type ConfigError struct{ Err error }

func (e ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e ConfigError) Unwrap() error { return e.Err }
