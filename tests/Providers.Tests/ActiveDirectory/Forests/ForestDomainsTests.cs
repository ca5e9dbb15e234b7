using PasswordSync.Providers.ActiveDirectory.Forests;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.ActiveDirectory.Forests;

public sealed class ForestDomainsTests
{
    private static readonly ForestDomains Domains = new(
    [
        new ForestDomain("DC=beta,DC=test", "beta.test"),
        new ForestDomain("DC=child,DC=beta,DC=test", "child.beta.test"),
        new ForestDomain("DC=low,DC=child,DC=beta,DC=test", "low.child.beta.test"),
        new ForestDomain("DC=tree,DC=example", "tree.example"),
    ]);

    [Theory]
    [InlineData("CN=anna,OU=People,DC=beta,DC=test", "beta.test")]
    [InlineData("CN=anna,OU=People,DC=child,DC=beta,DC=test", "child.beta.test")]
    [InlineData("cn=anna,ou=people,dc=CHILD,dc=beta,dc=test", "child.beta.test")]
    [InlineData("CN=anna,DC=low,DC=child,DC=beta,DC=test", "low.child.beta.test")]
    [InlineData("CN=anna,CN=Users,DC=tree,DC=example", "tree.example")]
    [InlineData("DC=child,DC=beta,DC=test", "child.beta.test")]
    [InlineData("CN=anna,DC=otherchild,DC=beta,DC=test", "beta.test")]
    [InlineData("CN=anna,OU=DC,DC=mychild,DC=beta,DC=test", "beta.test")]
    [InlineData(@"CN=evil\,DC=child,DC=beta,DC=test", "beta.test")]
    [InlineData(@"CN=evil\\,DC=child,DC=beta,DC=test", "child.beta.test")]
    [InlineData(@"CN=evil\\\,DC=child,DC=beta,DC=test", "beta.test")]
    [InlineData("CN=anna,DC=gamma,DC=test", null)]
    [InlineData("CN=anna,XDC=tree,DC=example", null)]
    [InlineData(",DC=tree,DC=example", null)]
    [InlineData("", null)]
    public void An_object_is_in_the_domain_with_the_longest_name_that_ends_its_own(string dn, string? expected) => (Domains.Of(dn)?.DnsName).ShouldBe(expected);
}
