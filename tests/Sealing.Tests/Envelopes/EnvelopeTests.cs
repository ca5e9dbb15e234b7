using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Envelopes;

public sealed class EnvelopeTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 30, 0, TimeSpan.Zero);
    private readonly KeyRing ring = KeyRing.Begin("north", Now);

    private static EnvelopeDescription Description { get; } =
        new(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), Now.AddTicks(1234567), 1104, "north", "ad.example", "dc1.ad.example", "ada");

    [Fact]
    public void Sealed_password_opens_with_its_description()
    {
        var password = Encoding.Unicode.GetBytes("correct horse €");
        var envelope = EnvelopeSealer.Seal(Description, ring.CurrentKey(Now)!.PublicKey, PasswordEncoding.Utf16LittleEndian, password);
        var expected = new ExpectedBinding("north", "ad.example", "dc1.ad.example", Description.CaptureId);

        var opening = EnvelopeOpener.Open(envelope, ring, expected);

        opening.IsOpened.ShouldBeTrue(opening.ToString());
        using var opened = opening.Password!;
        opened.Encoding.ShouldBe(PasswordEncoding.Utf16LittleEndian);
        opened.Bytes.ToArray().ShouldBe(password);
        opening.Description.ShouldBe(Description);
    }

    public void Dispose() => ring.Dispose();
}
