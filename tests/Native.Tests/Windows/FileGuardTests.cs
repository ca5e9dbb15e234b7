using PasswordSync.EdgeNode.Windows;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The edge's own look at who may change what the filter trusts: the descriptors are those of native/Filter/tests/access_test.c.</summary>
public sealed class FileGuardTests
{
    private const string System = "010100000000000512000000";
    private const string Administrators = "01020000000000052000000020020000";
    private const string Everybody = "010100000000000100000000";
    private const string User = "010500000000000515000000010000000200000003000000e8030000";

    private const string One = "02001c0001000000";
    private const string Two = "0200300002000000";

    private const string Full = "ff011f00";
    private const string Reading = "a9001200";
    private const string Writing = "02000000";

    public static TheoryData<string, string> Guarded => new()
    {
        { "SYSTEM alone", Header("0494", "20000000") + System + One + Entry("00", "03", Full, System) },
        { "others may read", Header("0494", "24000000") + Administrators + Two + Entry("00", "00", Full, System) + Entry("00", "00", Reading, Everybody) },
        { "an entry that denies", Header("0494", "20000000") + System + One + Entry("01", "00", Full, Everybody) },
        { "an entry for children only", Header("0494", "20000000") + System + One + Entry("00", "0b", Full, Everybody) },
        { "an empty list", Header("0494", "20000000") + System + "0200080000000000" },
    };

    public static TheoryData<string, string> Unguarded => new()
    {
        { "S-1-1-0 may change it", Header("0494", "20000000") + System + Two + Entry("01", "00", Writing, Everybody) + Entry("00", "00", Writing, Everybody) },
        { "it has no access list", Header("0490", "00000000") + System },
        { "it has no access list", Header("0090", "20000000") + System },
        { "it belongs to S-1-1-0", Header("0494", "20000000") + Everybody + One + Entry("00", "00", Full, System) },
        { "it belongs to S-1-5-21-1-2-3-1000", Header("0494", "30000000") + User + One + Entry("00", "00", Full, System) },
        { "not understood", Header("0414", "20000000") + System + One + Entry("00", "00", Full, System) },
        { "not understood", "02000494" + "1400000000000000" + "00000000" + "20000000" + System },
        { "not understood", Header("0494", "20000000") + System + One + Entry("05", "00", Reading, Everybody) },
        { "not understood", Header("0494", "20000000") + System + "0200ff0001000000" + Entry("00", "00", Full, System) },
        { "not understood", Header("0494", "20000000") + System + "02001c0002000000" + Entry("00", "00", Full, System) },
        { "not understood", Header("0494", "20000000") + System + One + "00001500" + Full + System },
        { "not understood", Header("0494", "20000000") + System + One + "00000000" + Full + System },
        { "not understood", Header("0494", "ffffffff") + System + One + Entry("00", "00", Full, System) },
    };

    [Theory]
    [MemberData(nameof(Guarded))]
    public void What_only_SYSTEM_and_administrators_may_change_is_guarded_and_nothing_cut_off_is(string why, string descriptor)
    {
        var bytes = Convert.FromHexString(descriptor);

        FileGuard.Judge(bytes, secret: false).ShouldBeNull(why);
        for (var cut = 0; cut < bytes.Length; cut++) FileGuard.Judge(bytes.AsSpan(0, cut), secret: false).ShouldNotBeNull($"{why}, {cut} bytes of it");
    }

    [Theory]
    [MemberData(nameof(Unguarded))]
    public void Whoever_else_may_change_it_is_named(string expected, string descriptor) =>
        FileGuard.Judge(Convert.FromHexString(descriptor), secret: false).ShouldNotBeNull().ShouldContain(expected);

    [Theory]
    [InlineData(Writing)]
    [InlineData("04000000")]
    [InlineData("10000000")]
    [InlineData("40000000")]
    [InlineData("00010000")]
    [InlineData("00000100")]
    [InlineData("00000400")]
    [InlineData("00000800")]
    [InlineData("00000010")]
    [InlineData("00000040")]
    public void Each_right_to_change_counts_alone(string rights) =>
        FileGuard.Judge(Convert.FromHexString(Header("0494", "20000000") + System + One + Entry("00", "00", rights, Everybody)), secret: false).ShouldBe("S-1-1-0 may change it");

    [Theory]
    [InlineData("01000000")]
    [InlineData("00000080")]
    [InlineData(Reading)]
    public void Secret_may_not_even_be_read_by_others(string rights)
    {
        var descriptor = Convert.FromHexString(Header("0494", "20000000") + System + One + Entry("00", "00", rights, Everybody));

        FileGuard.Judge(descriptor, secret: true).ShouldBe("S-1-1-0 may read it");
        FileGuard.Judge(descriptor, secret: false).ShouldBeNull();
    }

    private static string Header(string control, string list) => "0100" + control + "1400000000000000" + "00000000" + list;

    private static string Entry(string kind, string flags, string rights, string account) => kind + flags + "1400" + rights + account;
}
