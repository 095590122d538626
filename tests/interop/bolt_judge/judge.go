// Command judge holds a BoltDB file to the reference library, go.etcd.io/bbolt.
//
//	judge FILE                   prints {"errors": what Check reports, "keys": everything}
//	judge FILE change < CHANGES  does transactions first, each on a file opened anew
//	judge FILE images < IMAGES   judges many files in a row, each put into FILE
//
// CHANGES is a list of {"Op", "At", "Key", "Value", "Sequence"} a line, a line a transaction; all bytes are hexadecimal digits.  In
// what is printed a value is text and a bucket is {"sequence": ..., "keys": {...}}.
//
// IMAGES are files one after the other, each after its size in bytes (u32, little-endian).  A line is printed for each:
// {"errors": what Check reports, "digest": of everything, "after": what Check reports once more was written to it}.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
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

// digest adds everything in a bucket: each key and value after its size, each bucket after its sequence and before an end.
func digest(into hash.Hash, bucket *bbolt.Bucket) {
	number := func(kind byte, value uint64) {
		into.Write(binary.LittleEndian.AppendUint64([]byte{kind}, value))
	}
	number('b', bucket.Sequence())
	must(bucket.ForEach(func(key, value []byte) error {
		number('k', uint64(len(key)))
		into.Write(key)
		if value == nil {
			digest(into, bucket.Bucket(key))
		} else {
			number('v', uint64(len(value)))
			into.Write(value)
		}
		return nil
	}))
	number('e', 0)
}

func errorsOf(tx *bbolt.Tx) []string {
	found := []string{}
	for err := range tx.Check() {
		found = append(found, err.Error())
	}
	return found
}

// judgeImage opens a file as the next process would after a crash, looks at it, and writes to it.
func judgeImage(path string) map[string]interface{} {
	db, err := bbolt.Open(path, 0600, nil)
	must(err)
	db.NoSync, db.NoGrowSync = true, true
	before, after, sum := []string{}, []string{}, sha256.New()
	must(db.View(func(tx *bbolt.Tx) error {
		before = errorsOf(tx)
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			sum.Write(binary.LittleEndian.AppendUint64([]byte{'k'}, uint64(len(name))))
			sum.Write(name)
			digest(sum, bucket)
			return nil
		})
	}))
	must(db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("after the crash"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte("key"), make([]byte, 5000))
	}))
	must(db.View(func(tx *bbolt.Tx) error {
		after = errorsOf(tx)
		return nil
	}))
	must(db.Close())
	return map[string]interface{}{"errors": before, "digest": hex.EncodeToString(sum.Sum(nil)), "after": after}
}

func judgeImages(path string) {
	input, output := bufio.NewReaderSize(os.Stdin, 1<<20), json.NewEncoder(os.Stdout)
	size := make([]byte, 4)
	for {
		if _, err := io.ReadFull(input, size); err == io.EOF {
			return
		} else {
			must(err)
		}
		image := make([]byte, binary.LittleEndian.Uint32(size))
		_, err := io.ReadFull(input, image)
		must(err)
		must(os.WriteFile(path, image, 0600))
		must(output.Encode(judgeImage(path)))
	}
}

func main() {
	if len(os.Args) > 2 && os.Args[2] == "images" {
		judgeImages(os.Args[1])
		return
	}
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
		errors, keys := errorsOf(tx), map[string]interface{}{}
		must(tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			keys[hex.EncodeToString(name)] = dump(bucket)
			return nil
		}))
		return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"errors": errors, "keys": keys})
	}))
}
