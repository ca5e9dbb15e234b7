using PasswordSync.Ldap.Tests.Support;
using PasswordSync.Ldap.Wire;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Wire;

public sealed class MessageTests
{
    /// <summary>What the command line tools of OpenLDAP 2.5 send for the same requests, recorded.</summary>
    public static TheoryData<string, string> Golden => new()
    {
        {
            "search",
            "3081e90201026381e3041064633d616c7068612c64633d746573740a01010a0100020107020109010100a081b3a313040b6f626a656374436c617373040475736572a211"
            + "a40f0402636e3009800161810162820163a18188a41704046d61696c300f820d406578616d706c652e74657374a92f8116312e322e3834302e3131333535362e312e342e"
            + "3830338212757365724163636f756e74436f6e74726f6c830132a50f040a75534e4368616e676564040135a60f040a75534e4368616e676564040136a8070402736e0401"
            + "78a311040a6f626a65637447554944040301ff2a300a0402636e04046d61696c"
        },
        { "bind", "301602010260110201030404636e3d788006736563726574" },
        { "who am I", "301e02010277198017312e332e362e312e342e312e343230332e312e31312e33" },
        {
            "modify",
            "304e02010266490404636e3d783041301e0a01023019040b6465736372697074696f6e310a04036f6e65040374776f300b0a010130060402736e310030120a0100300d04"
            + "046d61696c31050403614062"
        },
        { "compare", "30140201026e0f0404636e3d7830070402736e040179" },
        { "password", "3032020102772d8017312e332e362e312e342e312e343230332e312e31312e31811230108004636e3d7881036f6c6482036e6577" },
        {
            "page",
            "3052020102632504000a01000a0100020100020100010100870b6f626a656374436c61737330050403312e31a02630240416312e322e3834302e3131333535362e312e34"
            + "2e3331390101ff040730050201050400"
        },
        { "rule", "3039020102633404000a01000a0100020100020100010100a91a810f6361736549676e6f72654d617463688304467265648401ff30050403312e31" },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Request_is_encoded_as_OpenLDAP_encodes_it(string kind, string expected)
    {
        using var credential = new SimpleCredential("cn=x", "secret"u8);
        LdapRequest request = kind switch
        {
            "search" => new LdapSearchRequest("dc=alpha,dc=test", LdapSearchScope.OneLevel, ManyKinds(), "cn", "mail") { SizeLimit = 7, TimeLimit = TimeSpan.FromSeconds(8.5) },
            "bind" => new SimpleBindRequest(credential),
            "who am I" => new LdapExtendedRequest(LdapExtendedRequest.WhoAmIOid, null),
            "modify" => new LdapModifyRequest(
                "cn=x",
                LdapModification.Replace("description", "one", "two"),
                LdapModification.Delete("sn"),
                LdapModification.Add("mail", "a@b")),
            "compare" => new LdapCompareRequest("cn=x", "sn", "y"u8.ToArray()),
            "password" => LdapPasswordModifyRequest.Change("cn=x", "old"u8.ToArray(), "new"u8.ToArray()),
            "page" => new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "1.1") { Controls = [PagedResults.Request(5, default)] },
            "rule" => new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Parse("(:dn:caseIgnoreMatch:=Fred)"), "1.1"),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

        var encoded = MessageEncoder.Encode(2, request.Write, request.Controls);

        Convert.ToHexString(encoded).ToLowerInvariant().ShouldBe(expected);
    }

    [Fact]
    public void Parsed_and_built_filters_are_the_same()
    {
        const string text =
            "(&(objectClass=user)(!(cn=a*b*c))(|(mail=*@example.test)(userAccountControl:1.2.840.113556.1.4.803:=2)(uSNChanged>=5)(uSNChanged<=6)(sn~=x)(objectGUID=\\01\\ff\\2a)))";

        LdapFilter.Parse(text).ToString().ShouldBe(ManyKinds().ToString());
    }

    [Fact]
    public void Lengths_of_four_bytes_are_read_as_Windows_writes_them()
    {
        var message = LdapMessage.Parse(Convert.FromHexString("3084000000100201056184000000070A010004000400"));

        message.Id.ShouldBe(5);
        ResponseParser.Bind(message).Result.Code.ShouldBe(LdapResultCode.Success);
    }

    [Fact]
    public async Task Messages_are_cut_apart_wherever_the_stream_is_cut()
    {
        var whole = Recorded.All.SelectMany(message => message).ToArray();
        foreach (var size in new[] { 1, 2, 3, 7, 1000 })
        {
            using var stream = new TricklingStream(whole, size);
            foreach (var expected in Recorded.All) (await MessageReader.ReadAsync(stream, 1024 * 1024, CancellationToken.None)).ShouldBe(expected);
            (await MessageReader.ReadAsync(stream, 1024 * 1024, CancellationToken.None)).ShouldBeNull();
        }
    }

    [Fact]
    public async Task Promise_of_a_large_message_costs_no_memory_until_it_arrives()
    {
        using var stream = new MemoryStream([0x30, 0x84, 0x3F, 0xFF, 0xFF, 0x00, 1, 2, 3]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var failure = await MessageReader.ReadAsync(stream, int.MaxValue, CancellationToken.None).ShouldEndWithAsync<LdapException>();

        failure.Kind.ShouldBe(LdapErrorKind.Closed);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(256 * 1024);
    }

    [Fact]
    public void Entry_of_Samba_is_read_with_its_binary_attributes()
    {
        var entries = Recorded.Samba.Select(message => LdapMessage.Parse(message)).Where(message => message.Operation == LdapTags.SearchResultEntry).Select(ResponseParser.Entry).ToList();

        var user = entries.Single(entry => entry.GetString("sAMAccountName") == "u0002");

        user.Dn.ShouldBe("CN=u0002,OU=People,DC=lima,DC=test");
        user.GetSid("OBJECTSID")!.ShouldStartWith("S-1-5-21-");
        user.GetGuid("objectGUID").ShouldNotBeNull();
        user.GetInt64("userAccountControl").ShouldBe(512);
        user.GetStrings("objectClass").ShouldBe(["top", "person", "organizationalPerson", "user"]);
        user.GetBytes("replPropertyMetaData")!.Value.Length.ShouldBeGreaterThan(16);
        user.GetString("noSuchAttribute").ShouldBeNull();
        user.GetStrings("noSuchAttribute").ShouldBeEmpty();
    }

    private static LdapFilter ManyKinds() => LdapFilter.And(
        LdapFilter.Equal("objectClass", "user"),
        LdapFilter.Not(LdapFilter.Substring("cn", "a", ["b"], "c")),
        LdapFilter.Or(
            LdapFilter.Substring("mail", null, [], "@example.test"),
            LdapFilter.Extensible("userAccountControl", "1.2.840.113556.1.4.803", "2", dnAttributes: false),
            LdapFilter.GreaterOrEqual("uSNChanged", "5"),
            LdapFilter.LessOrEqual("uSNChanged", "6"),
            LdapFilter.Approximate("sn", "x"),
            LdapFilter.Equal("objectGUID", new byte[] { 0x01, 0xFF, 0x2A })));
}
