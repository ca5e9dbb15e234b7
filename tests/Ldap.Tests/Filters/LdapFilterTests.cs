using System.Text;
using Shouldly;

namespace PasswordSync.Ldap.Tests.Filters;

public sealed class LdapFilterTests
{
    [Theory]
    [InlineData("(cn=Babs Jensen)")]
    [InlineData("(!(cn=Tim Howes))")]
    [InlineData("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))")]
    [InlineData("(o=univ*of*mich*)")]
    [InlineData("(seeAlso=)")]
    [InlineData("(cn:caseExactMatch:=Fred Flintstone)")]
    [InlineData("(cn:=Betty Rubble)")]
    [InlineData("(sn:dn:2.4.6.8.10:=Barney Rubble)")]
    [InlineData("(o:dn:=Ace Industry)")]
    [InlineData("(:1.2.3:=Wilma Flintstone)")]
    [InlineData("(:dn:2.4.6.8.10:=Dino)")]
    [InlineData("(&)")]
    [InlineData("(|)")]
    [InlineData("(cn=*)")]
    [InlineData("(cn;lang-de=ä€😀)")]
    [InlineData("(member:1.2.840.113556.1.4.1941:=CN=All,DC=alpha,DC=test)")]
    public void Text_is_read_and_written_back_the_same(string text) => LdapFilter.Parse(text).ToString().ShouldBe(text);

    [Theory]
    [InlineData("(o=Parens R Us \\28for all your parenthetical needs\\29)", "(o=Parens R Us \\28for all your parenthetical needs\\29)")]
    [InlineData("(cn=*\\2A*)", "(cn=*\\2a*)")]
    [InlineData("(sn=Lu\\c4\\8di\\c4\\87)", "(sn=Lučić)")]
    [InlineData("(bin=\\00\\00\\00\\04)", "(bin=\\00\\00\\00\\04)")]
    [InlineData("(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)", "(1.3.6.1.4.1.1466.0=\\04\\02Hi)")]
    public void Escapes_are_read(string text, string written) => LdapFilter.Parse(text).ToString().ShouldBe(written);

    [Theory]
    [InlineData("", "'('")]
    [InlineData("cn=x", "'('")]
    [InlineData("(cn=x", "')'")]
    [InlineData("(cn=x))", "the end")]
    [InlineData("(cn)", "one of")]
    [InlineData("(=x)", "letters")]
    [InlineData("(c n=x)", "letters")]
    [InlineData("(cn=\\2)", "hexadecimal")]
    [InlineData("(cn=\\zz)", "hexadecimal")]
    [InlineData("(cn=a(b)", "')'")]
    [InlineData("(cn=a**b)", "not empty")]
    [InlineData("(cn>x)", "'='")]
    [InlineData("(cn>=a*)", "')'")]
    [InlineData("(:=x)", "needs an attribute or a rule")]
    [InlineData("(cn:dn:a:b:=x)", "':='")]
    [InlineData("(cn:x)", "':='")]
    [InlineData("(!)", "'('")]
    [InlineData("(!(a=b)(c=d))", "')'")]
    [InlineData("(&(a=b)x)", "')'")]
    public void What_is_no_filter_is_refused_with_what_was_expected(string text, string expected) =>
        Should.Throw<FormatException>(() => LdapFilter.Parse(text)).Message.ShouldContain(expected);

    [Fact]
    public void Values_cannot_break_out_of_a_built_filter()
    {
        var hostile = "x)(|(uid=*\\\0";

        var filter = LdapFilter.Equal("uid", hostile).ToString();

        filter.ShouldBe("(uid=x\\29\\28|\\28uid=\\2a\\5c\\00)");
        LdapFilter.Parse($"(uid={LdapFilter.Escape(hostile)})").ToString().ShouldBe(filter);
    }

    [Fact]
    public void Guid_is_written_in_the_byte_order_of_Active_Directory()
    {
        var guid = new Guid("00112233-4455-6677-8899-aabbccddeeff");

        LdapFilter.Equal("objectGUID", guid).ToString().ShouldBe("(objectGUID=\\33\\22\\11\\00\\55\\44\\77\\66\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)");
        LdapFilter.Escape(guid.ToByteArray()).ShouldStartWith("\\33\\22");
    }

    [Fact]
    public void Nesting_and_length_are_bounded()
    {
        var filter = LdapFilter.Present("cn");
        for (var i = 1; i < LdapFilter.DepthMax; i++) filter = LdapFilter.Not(filter);

        LdapFilter.Parse(filter.ToString()).ToString().ShouldBe(filter.ToString());
        Should.Throw<ArgumentException>(() => LdapFilter.Not(filter));
        Should.Throw<FormatException>(() => LdapFilter.Parse(new string('(', 100_000)));
        Should.Throw<FormatException>(() => LdapFilter.Parse(new StringBuilder().Insert(0, "(!", 60_000).ToString()));
    }

    [Fact]
    public void Attribute_names_that_are_none_are_refused() =>
        Should.Throw<ArgumentException>(() => LdapFilter.Equal("cn=x)(uid", "y"));
}
