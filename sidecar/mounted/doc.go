// Package mounted reads directories as Kubernetes mounts Secrets and ConfigMaps, and
// follows them: all files of one are from one side of its swap, and none is without
// a bound. It knows nothing of what is in them.
package mounted
