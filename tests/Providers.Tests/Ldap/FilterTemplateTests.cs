using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Ldap;

public sealed class FilterTemplateTests
{
    private static readonly TargetQuery Query = new(
        Any.CaptureId(), new AccountId(new SourceId("alpha"), new Guid("ff98dee8-f7d9-4e1c-bb7e-c3d317cb15e0")),
        new AccountNames("CN=A,DC=test", "an*na)(", "anna@alpha.test", Mail: null));

    [Theory]
    [InlineData("(uid={sAMAccountName})", @"(uid=an\2ana\29\28)")]
    [InlineData("(&(objectClass=person)(|(uid={samaccountname})(mail={userPrincipalName})))", @"(&(objectClass=person)(|(uid=an\2ana\29\28)(mail=anna@alpha.test)))")]
    [InlineData("(adGuid={objectGUID})", "(adGuid=ff98dee8-f7d9-4e1c-bb7e-c3d317cb15e0)")]
    [InlineData("(cn=*{userPrincipalName})", "(cn=*anna@alpha.test)")]
    public void Names_are_filled_in_escaped(string template, string filter) =>
        FilterTemplate.Parse(template).ShouldNotBeNull().Fill(Query).ShouldNotBeNull().ToString().ShouldBe(filter);

    [Fact]
    public void A_template_whose_name_the_account_lacks_is_passed_over() =>
        FilterTemplate.Parse("(|(mail={mail})(uid={sAMAccountName}))").ShouldNotBeNull().Fill(Query).ShouldBeNull();

    [Theory]
    [InlineData("(uid=anna)")]
    [InlineData("(uid={phone})")]
    [InlineData("uid {sAMAccountName}")]
    [InlineData("")]
    public void A_text_that_is_no_template_is_refused(string text) => FilterTemplate.Parse(text).ShouldBeNull();
}
