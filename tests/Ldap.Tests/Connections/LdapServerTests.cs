using Shouldly;

namespace PasswordSync.Ldap.Tests.Connections;

public sealed class LdapServerTests
{
    [Theory]
    [InlineData("dc1.alpha.test", "dc1.alpha.test", 636)]
    [InlineData("dc1:3269", "dc1", 3269)]
    [InlineData("10.0.0.1:389", "10.0.0.1", 389)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 636)]
    [InlineData("[::1]:389", "::1", 389)]
    public void Server_is_read_and_written(string text, string host, int port)
    {
        var server = LdapServer.Parse(text, LdapServer.DefaultTlsPort);

        server.ShouldBe(new LdapServer(host, port));
        LdapServer.Parse(server.ToString(), 1).ShouldBe(server);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":389")]
    [InlineData("dc1:")]
    [InlineData("dc1:0")]
    [InlineData("dc1:65536")]
    [InlineData("dc1:ldap")]
    [InlineData("ldaps://dc1")]
    [InlineData("::1")]
    [InlineData("[::1")]
    [InlineData("dc 1")]
    public void What_is_no_server_is_refused(string text) =>
        Should.Throw<FormatException>(() => LdapServer.Parse(text, LdapServer.DefaultTlsPort)).Message.ShouldContain("host:port");
}
