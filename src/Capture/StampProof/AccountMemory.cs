using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>What is remembered of an account over restarts: docs/spec/stamp-proof.md, "What is remembered".</summary>
/// <param name="Known">The stamp that was seen last.</param>
/// <param name="SettledThrough">The time of the newest capture with a verdict.</param>
/// <param name="AccountName">sAMAccountName as it was last seen.</param>
public sealed record AccountMemory(KnownStamp Known, DateTimeOffset? SettledThrough, string AccountName)
{
    private const byte Form = 2;
    private const int LengthMax = 2 + (6 * 8) + 8 + (2 * StampLength) + 1 + (AmbiguousCaptures.CandidatesMax * IdLength) + (AccountNameLengthMax * 3);
    private const int IdLength = 16;
    private const int StampLength = 4 + 8 + IdLength;
    private const int AccountNameLengthMax = 256;
    private static readonly DateTimeOffset Origin = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Flags]
    private enum Flags : byte
    {
        HasStamp = 1,
        IsSpokenFor = 2,
        HasWritingTime = 4,
        HasFormerStamp = 8,
        FormerStampIsOne = 16,
        IsAmbiguous = 32,
    }

    /// <summary>The account as it goes on, without open captures.</summary>
    public AccountProof ToProof() => new(Known, [], SettledThrough);

    /// <summary>Writes the form of the specification.</summary>
    public byte[] Write()
    {
        var writer = new Writer(new byte[LengthMax]);
        writer.Byte(Form);
        writer.Byte((byte)((Known.Stamp is null ? 0 : Flags.HasStamp)
            | (Known.SpokenFor is null ? 0 : Flags.IsSpokenFor)
            | (Known.SpokenFor is { IsAmbiguous: true } ? Flags.IsAmbiguous : 0)
            | (Known.WrittenAt is null ? 0 : Flags.HasWritingTime)
            | (Known.Before is null ? 0 : Flags.HasFormerStamp)
            | (Known.Before?.Stamp is null ? 0 : Flags.FormerStampIsOne)));
        writer.Time(SettledThrough ?? Origin);
        writer.Time(Known.FirstSeenAt);
        writer.Time(Known.LastStartedAt);
        if (Known.Stamp is { } stamp) writer.Stamp(stamp);
        if (Known.WrittenAt is { } writtenAt) writer.Time(writtenAt);
        if (Known.Before is { } before)
        {
            writer.Time(before.FirstSeenAt);
            writer.Time(before.LastStartedAt);
            if (before.Stamp is { } former) writer.Stamp(former);
        }

        if (Known.SpokenFor is { } spokenFor)
        {
            writer.Byte((byte)spokenFor.Captures.Length);
            foreach (var capture in spokenFor.Captures) writer.Id(capture.Value);
        }

        var name = AccountName.Length <= AccountNameLengthMax ? AccountName : AccountName[..AccountNameLengthMax];
        return writer.End(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <returns>False for bytes of any other form: then nothing is remembered.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AccountMemory? memory)
    {
        memory = null;
        if (bytes.Length < 2 || bytes[0] != Form) return false;
        var flags = (Flags)bytes[1];
        var reader = new Reader(bytes[2..]);
        var settledThrough = reader.Time();
        var firstSeenAt = reader.Time();
        var lastStartedAt = reader.Time();
        Stamp? stamp = flags.HasFlag(Flags.HasStamp) ? reader.Stamp() : null;
        DateTimeOffset? writtenAt = flags.HasFlag(Flags.HasWritingTime) ? reader.Time() : null;
        FormerStamp? before = null;
        if (flags.HasFlag(Flags.HasFormerStamp))
        {
            var (formerFirstSeenAt, formerLastStartedAt) = (reader.Time(), reader.Time());
            before = new FormerStamp(flags.HasFlag(Flags.FormerStampIsOne) ? reader.Stamp() : null, formerFirstSeenAt, formerLastStartedAt);
        }

        SpokenFor? spokenFor = flags.HasFlag(Flags.IsSpokenFor) ? new SpokenFor(reader.Captures(), flags.HasFlag(Flags.IsAmbiguous)) : null;
        if (reader.HasFailed || !Utf8.IsValid(reader.Rest)) return false;
        var known = new KnownStamp(stamp, writtenAt, firstSeenAt, lastStartedAt, before, spokenFor);
        memory = new AccountMemory(known, settledThrough == Origin ? null : settledThrough, Encoding.UTF8.GetString(reader.Rest));
        return true;
    }

    private ref struct Writer(Span<byte> buffer)
    {
        private readonly Span<byte> buffer = buffer;
        private int at;

        public void Byte(byte value) => buffer[at++] = value;

        public void Time(DateTimeOffset time) => Int64((time - Origin).Ticks);

        public void Stamp(Stamp stamp)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer[at..], stamp.Version);
            at += sizeof(uint);
            Int64(stamp.OriginatingSecond);
            Id(stamp.InvocationId);
        }

        public void Id(Guid id)
        {
            id.TryWriteBytes(buffer[at..], bigEndian: true, out var written);
            at += written;
        }

        public readonly byte[] End(ReadOnlySpan<byte> rest) => [.. buffer[..at], .. rest];

        private void Int64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(buffer[at..], value);
            at += sizeof(long);
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = bytes;

        public bool HasFailed { get; private set; }

        public DateTimeOffset Time()
        {
            var ticks = BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
            if (ticks < 0 || ticks > (DateTimeOffset.MaxValue - Origin).Ticks) HasFailed = true;
            return HasFailed ? Origin : Origin.AddTicks(ticks);
        }

        public Stamp Stamp() => new(
            0,
            BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))),
            BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long))),
            Id());

        public ImmutableArray<CaptureId> Captures()
        {
            var count = Take(1)[0];
            if (count is 0 or > AmbiguousCaptures.CandidatesMax) HasFailed = true;
            var captures = new CaptureId[HasFailed ? 0 : count];
            for (var i = 0; i < captures.Length; i++) captures[i] = new CaptureId(Id());
            return [.. captures];
        }

        private Guid Id() => new(Take(IdLength), bigEndian: true);

        private ReadOnlySpan<byte> Take(int length)
        {
            if (Rest.Length < length)
            {
                HasFailed = true;
                Rest = default;
                return new byte[length];
            }

            var taken = Rest[..length];
            Rest = Rest[length..];
            return taken;
        }
    }
}
