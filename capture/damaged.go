package capture

import "io"

// damaged is the end of a file of which a part is damaged or missing. It wraps io.EOF.
type damaged struct{ what error }

func (d damaged) Error() string { return "the file is damaged or incomplete: " + d.what.Error() }

func (d damaged) Unwrap() []error { return []error{d.what, io.EOF} }
