// Command judge holds a BoltDB file to the reference library, go.etcd.io/bbolt.
//
//	judge FILE                   prints {"errors": what Check reports, "keys": everything}
//	judge FILE change < CHANGES  does transactions first, each on a file opened anew
//
// CHANGES is a list of {"Op", "At", "Key", "Value", "Sequence"} a line, a line a transaction; all bytes are hexadecimal digits.  In
// what is printed a value is text and a bucket is {"sequence": ..., "keys": {...}}.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

type change struct {
	Op, Key, Value string
	At             []string
	Sequence       uint64
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func raw(text string) []byte {
	bytes, err := hex.DecodeString(text)
	must(err)
	return bytes
}

// holder is what the root and the buckets have in common.
type holder interface {
	Bucket([]byte) *bbolt.Bucket
	CreateBucketIfNotExists([]byte) (*bbolt.Bucket, error)
	DeleteBucket([]byte) error
}

func do(tx *bbolt.Tx, one change) error {
	var at holder = tx
	for _, name := range one.At {
		at = at.Bucket(raw(name))
	}
	switch one.Op {
	case "make":
		_, err := at.CreateBucketIfNotExists(raw(one.Key))
		return err
	case "drop":
		return at.DeleteBucket(raw(one.Key))
	case "put":
		return at.(*bbolt.Bucket).Put(raw(one.Key), raw(one.Value))
	case "sequence":
		return at.(*bbolt.Bucket).SetSequence(one.Sequence)
	}
	return at.(*bbolt.Bucket).Delete(raw(one.Key))
}

func dump(bucket *bbolt.Bucket) map[string]interface{} {
	keys := map[string]interface{}{}
	must(bucket.ForEach(func(key, value []byte) error {
		if value == nil {
			keys[hex.EncodeToString(key)] = dump(bucket.Bucket(key))
		} else {
			keys[hex.EncodeToString(key)] = hex.EncodeToString(value)
		}
		return nil
	}))
	return map[string]interface{}{"sequence": bucket.Sequence(), "keys": keys}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<28)
	for len(os.Args) > 2 && lines.Scan() {
		var changes []change
		must(json.Unmarshal(lines.Bytes(), &changes))
		db, err := bbolt.Open(os.Args[1], 0600, nil)
		must(err)
		must(db.Update(func(tx *bbolt.Tx) error {
			for _, one := range changes {
				if err := do(tx, one); err != nil {
					return err
				}
			}
			return nil
		}))
		must(db.Close())
	}
	db, err := bbolt.Open(os.Args[1], 0600, &bbolt.Options{ReadOnly: true})
	must(err)
	must(db.View(func(tx *bbolt.Tx) error {
		errors, keys := []string{}, map[string]interface{}{}
		for err := range tx.Check() {
			errors = append(errors, err.Error())
		}
		must(tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			keys[hex.EncodeToString(name)] = dump(bucket)
			return nil
		}))
		return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"errors": errors, "keys": keys})
	}))
}
