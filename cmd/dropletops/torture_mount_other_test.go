//go:build !linux

package main

// Elsewhere the disk is never full or read-only: that takes one to be mounted.
func (w *torture) ownDisk()              {}
func (w *torture) fill() (heal func())   { return func() {} }
func (w *torture) readOnly(on bool) bool { return false }
