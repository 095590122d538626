// Command transactions times transactions of go.etcd.io/bbolt: opened, locked, one value put, committed and closed, as
// libpod does each of its own.  Prints the median in nanoseconds.
//
//	transactions FILE CONTAINER COUNT
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func once(path string, container []byte) {
	db, err := bbolt.Open(path, 0600, nil)
	must(err)
	must(db.Update(func(tx *bbolt.Tx) error {
		held := tx.Bucket([]byte("ctr")).Bucket(container)
		// The same value: bbolt does not compare.
		return held.Put([]byte("config"), append([]byte{}, held.Get([]byte("config"))...))
	}))
	must(db.Close())
}

func main() {
	count, err := strconv.Atoi(os.Args[3])
	must(err)
	taken := []int{}
	for number := 0; number <= count; number++ {
		started := time.Now()
		once(os.Args[1], []byte(os.Args[2]))
		if number > 0 {
			taken = append(taken, int(time.Since(started).Nanoseconds()))
		}
	}
	sort.Ints(taken)
	fmt.Println(taken[len(taken)/2])
}
