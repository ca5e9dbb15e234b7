using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>A segment as the index knows it.</summary>
internal sealed class SpoolSegment(ulong sequence, ISpoolFile file, long length) : IDisposable
{
    public ulong Sequence { get; } = sequence;

    public string Name => SpoolFormat.SegmentName(Sequence);

    public ISpoolFile File { get; } = file;

    /// <summary>Where the next record goes; bytes after it, if any, are of a failed write.</summary>
    public long Length { get; set; } = length;

    /// <summary>To be emptied and deleted at the next occasion, whatever it holds.</summary>
    public bool IsCondemned { get; set; }

    /// <summary>The held captures whose last record is here.</summary>
    public HashSet<CaptureId> Held { get; } = [];

    /// <summary>The accounts whose last record is here.</summary>
    public HashSet<Guid> Accounts { get; } = [];

    /// <summary>The space of all these records.</summary>
    public long LiveBytes { get; set; }

    public void Dispose() => File.Dispose();
}
