using Shouldly;

namespace PasswordSync.Ldap.Tests.Names;

public sealed class DistinguishedNameTests
{
    [Theory]
    [InlineData("James \"Jim\" Smith, III", "James \\\"Jim\\\" Smith\\, III")]
    [InlineData(" leading and trailing ", "\\ leading and trailing\\ ")]
    [InlineData(" ", "\\ ")]
    [InlineData("#hash", "\\#hash")]
    [InlineData("a#b", "a#b")]
    [InlineData("a+b;c<d>e=f\\g", "a\\+b\\;c\\<d\\>e\\=f\\\\g")]
    [InlineData("line\nfeed\0", "line\\0Afeed\\00")]
    [InlineData("Lučić €😀", "Lučić €😀")]
    [InlineData("", "")]
    public void Value_is_escaped_as_RFC_4514_says(string value, string escaped) => DistinguishedName.Escape(value).ShouldBe(escaped);

    [Fact]
    public void Child_joins_an_escaped_value_to_its_parent()
    {
        DistinguishedName.Child("CN", "Doe, John", "OU=People,DC=alpha,DC=test").ShouldBe("CN=Doe\\, John,OU=People,DC=alpha,DC=test");
        DistinguishedName.Child("DC", "test", "").ShouldBe("DC=test");
    }
}
