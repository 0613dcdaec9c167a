// Package mounted reads directories as Kubernetes mounts Secrets and ConfigMaps:
// all files of one are from one side of its swap, and none is without a bound.
package mounted
