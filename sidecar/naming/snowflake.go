package naming

// Snowflake makes numbers that no other maker with another worker makes, each
// greater than those before: Nacos's form, of milliseconds since its epoch, 10 bits
// of the worker, and 12 that count within a millisecond.
type Snowflake struct {
	worker   int64
	at, made int64 // the millisecond of the last number, and how many it had before
}

const (
	snowflakeEpoch = 1533429240000 // Unix milliseconds
	workerBits     = 10
	countBits      = 12
)

// NewSnowflake returns a maker; of the worker, the last 10 bits count.
func NewSnowflake(worker int64) Snowflake { return Snowflake{worker: worker & (1<<workerBits - 1)} }

// Next returns a number made at a time, in Unix milliseconds. Where a millisecond
// has no more, or the time goes back, it takes the numbers of the next.
func (s *Snowflake) Next(now int64) int64 {
	if at := now - snowflakeEpoch; at > s.at {
		s.at, s.made = at, 0
	} else if s.made++; s.made == 1<<countBits {
		s.at, s.made = s.at+1, 0
	}
	return s.at<<(workerBits+countBits) | s.worker<<countBits | s.made
}
