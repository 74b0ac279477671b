package teach

import "errors"

// Errors that callers tell apart with errors.Is. Each is part of an error that says more.
var (
	ErrUnknownView   = errors.New("there is no such view")
	ErrUnknownAction = errors.New("there is no such taught action")
	ErrUnknownID     = errors.New("there is no such example, question or firing")
	ErrBadName       = errors.New("an action cannot have this name")
	ErrNameTaken     = errors.New("this name is taken")
	ErrNoMoments     = errors.New("edged has no moments of that time")
	ErrNoPicture     = errors.New("there is no such picture")
	ErrNoFiring      = errors.New("the action has not fired")
	ErrNothingToUndo = errors.New("there is nothing to undo")
	ErrCannotTeach   = errors.New("the model cannot be taught")
	ErrNotLearned    = errors.New("the action is not learned yet")
	ErrDegraded      = errors.New("edged cannot save what it is taught")
	ErrTooMany       = errors.New("there are too many")
	ErrBadFile       = errors.New("the file is no export of a taught action")
)
