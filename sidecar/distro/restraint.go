package distro

import "time"

// restraint slows down how the records of one lessor end by time alone. Whoever
// is not proven gone may be back in a moment, and so many ends at once are more
// often a fault of this member or of the network than the truth.
type restraint struct {
	opens time.Time // when the next interval may begin
	limit int       // records that may end in an interval, from when the first did
	left  int       // of them, in this interval
}

// The records of a lessor that may end in one VerifyInterval: the larger number.
// So all have ended within seven intervals.
const (
	mostAtOnce  = 10
	shareAtOnce = 15 // per cent
)

// take reports whether one more record may end now; held is how many there are.
func (r *restraint) take(now time.Time, held int, interval time.Duration) bool {
	if !now.Before(r.opens) {
		if r.limit == 0 || !now.Before(r.opens.Add(interval)) { // not one that went on
			r.limit = max(mostAtOnce, held*shareAtOnce/100)
		}
		r.opens, r.left = now.Add(interval), r.limit
	}
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}

// from returns when a record may end that would end at at.
func (r *restraint) from(at time.Time) time.Time {
	if r.left == 0 {
		return later(at, r.opens)
	}
	return at
}
