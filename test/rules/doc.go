// Package rules tests the alerts and dashboards of config/monitoring with
// Prometheus's own parser and engine: each alert fires when it should and not
// before, names only metrics and labels' sources that the reference documents,
// and leads to a section that says what to do.
package rules
