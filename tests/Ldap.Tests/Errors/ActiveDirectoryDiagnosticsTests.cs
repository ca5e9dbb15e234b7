using Shouldly;

namespace PasswordSync.Ldap.Tests.Errors;

public sealed class ActiveDirectoryDiagnosticsTests
{
    [Theory]
    [InlineData("0000052D: Constraint violation - check_password_restrictions: the password is too short.", 0x52Du, null)]
    [InlineData("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1", 0x80090308u, 0x52Eu)]
    [InlineData("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 773, v1db1", 0x80090308u, 0x773u)]
    [InlineData("Password fails quality checking policy", null, null)]
    [InlineData("ABCDEFGH: not hexadecimal", null, null)]
    [InlineData("error, data , v1", null, null)]
    [InlineData("error, data 52e", null, null)]
    [InlineData("", null, null)]
    public void Numbers_are_read_from_the_text(string text, uint? errorCode, uint? bindReason)
    {
        var result = new LdapResult(LdapResultCode.Other, "", text, []);

        ActiveDirectoryDiagnostics.ErrorCode(result).ShouldBe(errorCode);
        ActiveDirectoryDiagnostics.BindReason(result).ShouldBe(bindReason);
    }
}
