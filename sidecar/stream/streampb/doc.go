// Package streampb is generated from stream.proto: how the frames of package
// frame travel between our own members. Run "make proto" after changing it.
package streampb
