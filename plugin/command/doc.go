// Package command is the tree of kubectl naming: flags, what is asked of whom,
// and how it is shown. Findings are made by package survey; nothing here changes
// a cluster but drain, undrain and rebalance, which say so first.
package command
