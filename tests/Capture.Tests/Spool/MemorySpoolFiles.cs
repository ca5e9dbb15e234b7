using PasswordSync.Capture.Spool;

namespace PasswordSync.Capture.Tests.Spool;

/// <summary>
/// A folder in memory that loses power: what was not flushed may be there afterwards, or not, or in part. One lock over everything, so that a
/// flush can be held and looked at.
/// </summary>
public sealed class MemorySpoolFiles : ISpoolFiles
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Content> files = [];
    private Dictionary<string, Content> durable = [];

    /// <summary>Called before each write and flush, outside the lock; may throw an <see cref="IOException"/> in place of the disk, or block.</summary>
    public Action<string> BeforeDisk { get; set; } = _ => { };

    public Dictionary<string, byte[]> Aside { get; } = [];

    public IReadOnlyList<string> List()
    {
        lock (gate) return [.. files.Keys];
    }

    public ISpoolFile Create(string name)
    {
        BeforeDisk("create");
        lock (gate)
        {
            if (files.ContainsKey(name)) throw new IOException($"{name} is there already.");
            return new OpenFile(this, files[name] = new Content());
        }
    }

    public ISpoolFile Open(string name)
    {
        lock (gate) return new OpenFile(this, files.TryGetValue(name, out var content) ? content : throw new FileNotFoundException(name));
    }

    public void Delete(string name)
    {
        BeforeDisk("delete");
        lock (gate) files.Remove(name);
    }

    public void FlushFolder()
    {
        BeforeDisk("flush folder");
        lock (gate) durable = new(files);
    }

    public void SetAside(string name, ReadOnlySpan<byte> bytes) => Aside[name] = bytes.ToArray();

    public byte[] BytesOf(string name)
    {
        lock (gate) return [.. files[name].Bytes];
    }

    public void Overwrite(string name, byte[] bytes)
    {
        lock (gate) files[name] = durable[name] = new Content { Bytes = [.. bytes], Durable = [.. bytes] };
    }

    /// <summary>The disk changes a byte under the open file.</summary>
    public void Damage(string name, int at)
    {
        lock (gate) files[name].Bytes[at] ^= 0x40;
    }

    /// <summary>The power fails: names and bytes that were not flushed survive as <paramref name="random"/> has it.</summary>
    public MemorySpoolFiles AfterPowerLoss(Random random)
    {
        lock (gate)
        {
            var after = new MemorySpoolFiles();
            foreach (var name in files.Keys.Union(durable.Keys))
            {
                var isDurable = durable.ContainsKey(name);
                var isPresent = files.ContainsKey(name);
                if (isDurable != isPresent && random.Next(2) == 0) continue;
                after.Overwrite(name, (isPresent ? files[name] : durable[name]).AfterPowerLoss(random));
            }

            return after;
        }
    }

    private sealed class Content
    {
        public List<byte> Bytes { get; set; } = [];

        public byte[] Durable { get; set; } = [];

        /// <summary>The flushed bytes, then sectors of the others, each new, zero, or cut off.</summary>
        public byte[] AfterPowerLoss(Random random)
        {
            const int Sector = 64;
            var result = new List<byte>(Durable);
            var end = Durable.Length + random.Next(Bytes.Count - Durable.Length + 1);
            while (result.Count < end)
            {
                var length = Math.Min(Sector, end - result.Count);
                result.AddRange(random.Next(3) == 0 ? new byte[length] : [.. Bytes.GetRange(result.Count, length)]);
            }

            return [.. result];
        }
    }

    private sealed class OpenFile(MemorySpoolFiles owner, Content content) : ISpoolFile
    {
        private bool isClosed;

        public long Length
        {
            get { lock (owner.gate) return content.Bytes.Count; }
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            owner.BeforeDisk("write");
            lock (owner.gate)
            {
                while (content.Bytes.Count < offset + bytes.Length) content.Bytes.Add(0);
                for (var i = 0; i < bytes.Length; i++) content.Bytes[(int)offset + i] = bytes[i];
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            lock (owner.gate)
            {
                ObjectDisposedException.ThrowIf(isClosed, this);
                var length = (int)Math.Max(0, Math.Min(buffer.Length, content.Bytes.Count - offset));
                for (var i = 0; i < length; i++) buffer[i] = content.Bytes[(int)offset + i];
                return length;
            }
        }

        public void Flush()
        {
            owner.BeforeDisk("flush");
            lock (owner.gate) content.Durable = [.. content.Bytes];
        }

        public void Dispose()
        {
            lock (owner.gate) isClosed = true;
        }
    }
}
