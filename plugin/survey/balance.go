package survey

import (
	"cmp"
	"slices"
)

// Load is how many clients are connected to a member.
type Load struct {
	Member  string `json:"member"`
	Clients int    `json:"clients"`
}

// Move is a number of clients that should go from one member to another.
type Move struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Clients int    `json:"clients"`
}

// Spread returns the fewest moves of clients after which no two members differ by
// more than one. There are none while no member is further than tolerance (a part
// of the mean, 0.1 is a tenth) and one client from the mean: clients that move
// register anew, which is not worth a little evenness.
func Spread(loads []Load, tolerance float64) []Move {
	if len(loads) < 2 {
		return nil
	}
	total := 0
	for _, l := range loads {
		total += l.Clients
	}
	mean := float64(total) / float64(len(loads))
	even := !slices.ContainsFunc(loads, func(l Load) bool {
		away := float64(l.Clients) - mean
		return max(away, -away) > mean*tolerance+1
	})
	if even {
		return nil
	}
	order := slices.SortedStableFunc(slices.Values(loads), func(a, b Load) int { return cmp.Compare(b.Clients, a.Clients) })
	wanted := make([]int, len(order)) // the fullest keep what does not divide
	for i := range order {
		wanted[i] = total / len(order)
		if i < total%len(order) {
			wanted[i]++
		}
	}
	var out []Move
	for from, to := 0, len(order)-1; from < to; {
		surplus, room := order[from].Clients-wanted[from], wanted[to]-order[to].Clients
		switch n := min(surplus, room); {
		case surplus <= 0:
			from++
		case room <= 0:
			to--
		default:
			out = append(out, Move{order[from].Member, order[to].Member, n})
			order[from].Clients -= n
			order[to].Clients += n
		}
	}
	return out
}
