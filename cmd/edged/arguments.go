package main

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"

	"edged/internal/plainfile"
	"edged/models"
)

// plainArguments makes kong keep the bytes of texts and paths. Its own mappers send them through JSON, which replaces every byte
// that is not UTF-8, and a file name may have any bytes.
func plainArguments() []kong.Option {
	return []kong.Option{
		kong.KindMapper(reflect.String, kong.MapperFunc(textArgument)),
		kong.NamedMapper("path", kong.MapperFunc(pathArgument)),
		kong.NamedMapper("existingfile", kong.MapperFunc(fileArgument)),
		kong.NamedMapper("model", kong.MapperFunc(modelArgument)),
	}
}

func textArgument(ctx *kong.DecodeContext, target reflect.Value) error {
	text, err := popText(ctx)
	if err == nil {
		target.SetString(text)
	}
	return err
}

func pathArgument(ctx *kong.DecodeContext, target reflect.Value) error {
	path, err := popText(ctx)
	if err == nil && path != "" {
		target.SetString(kong.ExpandPath(path))
	}
	return err
}

// fileArgument is a path that must name a regular file.
func fileArgument(ctx *kong.DecodeContext, target reflect.Value) error {
	if err := pathArgument(ctx, target); err != nil || target.String() == "" {
		return err
	}
	f, err := plainfile.Open(target.String())
	if err != nil {
		return fmt.Errorf("%s: %w", target.String(), err)
	}
	return f.Close()
}

// modelArgument is the name of a model that edged brings or the path of a model file.
func modelArgument(ctx *kong.DecodeContext, target reflect.Value) error {
	if name, ok := ctx.Scan.Peek().Value.(string); ok && models.IsName(name) {
		return textArgument(ctx, target)
	}
	return fileArgument(ctx, target)
}

func popText(ctx *kong.DecodeContext) (string, error) {
	token, err := ctx.Scan.PopValue("text")
	if err != nil {
		return "", err
	}
	text, ok := token.Value.(string)
	if !ok {
		return "", fmt.Errorf("must be a text, not %v", token.Value)
	}
	return text, nil
}
