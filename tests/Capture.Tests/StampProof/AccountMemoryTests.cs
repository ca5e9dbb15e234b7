using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using Shouldly;
using Xunit;
using static PasswordSync.Capture.Tests.StampProof.ProofScript;

namespace PasswordSync.Capture.Tests.StampProof;

public sealed class AccountMemoryTests
{
    private static readonly CaptureId[] Sixteen = [.. Enumerable.Range(1, 16).Select(n => new CaptureId(new Guid(n, 7, 7, [1, 2, 3, 4, 5, 6, 7, 8])))];

    public static TheoryData<KnownStamp> Stamps =>
    [
        new KnownStamp(null, null, At(1), At(2), null, SpokenFor: null),
        new KnownStamp(Own(uint.MaxValue, 5), At(0.1234567), At(1), At(2), new FormerStamp(Other(1, 2), At(4), At(5)), new SpokenFor([Sixteen[0]], IsAmbiguous: false)),
        new KnownStamp(Own(7, 5), null, At(1), At(2), new FormerStamp(null, At(4), At(5)), new SpokenFor([.. Sixteen], IsAmbiguous: true)),
    ];

    [Theory]
    [MemberData(nameof(Stamps))]
    public void Memory_reads_back_as_it_was_written(KnownStamp known)
    {
        foreach (var settledThrough in (DateTimeOffset?[])[null, At(9)])
        {
            var memory = new AccountMemory(known, settledThrough, "Äñn");
            AccountMemory.TryRead(memory.Write(), out var read).ShouldBeTrue();
            read.ShouldBe(memory);
        }
    }

    [Fact]
    public void Cut_or_foreign_bytes_are_no_memory()
    {
        var bytes = new AccountMemory(new KnownStamp(Own(7, 5), At(1), At(1), At(2), null, new SpokenFor([Sixteen[0]], IsAmbiguous: false)), null, "").Write();
        for (var length = 0; length < bytes.Length; length++) AccountMemory.TryRead(bytes.AsSpan(0, length), out _).ShouldBeFalse();
        bytes[0] = 1;
        AccountMemory.TryRead(bytes, out _).ShouldBeFalse();
    }
}
