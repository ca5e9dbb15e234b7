using System.Buffers.Binary;
using System.Text;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Kerberos;

/// <summary>Files are the operator's, yet a damaged one must end in a message.</summary>
public sealed class KeytabTests
{
    private static readonly byte[] Whole = [5, 2, .. Entry("REALM.TEST", "sync"), .. Hole(7), .. Entry("REALM.TEST", "HTTP", "web.realm.test")];

    [Fact]
    public void Principals_are_read_and_holes_passed_over() =>
        Keytab.ReadPrincipals(Whole).ShouldBe(["sync@REALM.TEST", "HTTP/web.realm.test@REALM.TEST"]);

    [Fact]
    public void Cut_at_any_byte_it_is_still_judged()
    {
        for (var length = 0; length < Whole.Length; length++)
        {
            var found = Keytab.ReadPrincipals(Whole.AsSpan(0, length));
            if (length < 2) found.ShouldBeNull();
            else found.ShouldNotBeNull().Count.ShouldBeLessThan(2);
        }
    }

    [Theory]
    [InlineData("0501")]
    [InlineData("05020000000400010009")]
    [InlineData("05020000000200FF")]
    public void Other_versions_and_entries_that_promise_too_much_are_no_keytab(string hexadecimal) =>
        Keytab.ReadPrincipals(Convert.FromHexString(hexadecimal)).ShouldBeNull();

    [Theory]
    [InlineData("05027FFFFFFF00")]
    [InlineData("05028000000000")]
    [InlineData("050200000000")]
    public void Sizes_beyond_the_file_end_it(string hexadecimal) =>
        Keytab.ReadPrincipals(Convert.FromHexString(hexadecimal)).ShouldNotBeNull().ShouldBeEmpty();

    [Theory]
    [InlineData(-1765328347, "clock")]
    [InlineData(-1765328366, "disabled")]
    [InlineData(-1765328228, "port 88")]
    [InlineData(-1765328370, "AES")]
    public void Troubles_that_no_lab_has_lead_to_advice_too(int code, string advice) => new GssException(code, "x").Advice(isKeytab: true).ShouldContain(advice);

    /// <summary>An entry as MIT Kerberos writes it: principal, name type, time, key version, key of type 18.</summary>
    private static byte[] Entry(string realm, params string[] components)
    {
        byte[] body =
        [
            0, (byte)components.Length, .. Text(realm), .. components.SelectMany(Text),
            0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 18, 0, 4, 1, 2, 3, 4,
        ];
        return [.. Size(body.Length), .. body];
    }

    private static byte[] Hole(int length) => [.. Size(-length), .. new byte[length]];

    private static byte[] Text(string text) => [0, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Size(int size)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, size);
        return bytes;
    }
}
