using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Sql;

public sealed class Sha512CryptTests
{
    /// <summary>The test vectors of the description ("Unix crypt using SHA-256 and SHA-512"), but for those whose rounds are beyond its bounds.</summary>
    public static TheoryData<string, string> Published => new()
    {
        { "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1" },
        { "Hello world!", "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v." },
        { "This is just a test", "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0" },
        { "a very much longer text to encrypt.  This one even stretches over morethan one line.", "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1" },
        { "we have a short salt string but not a short password", "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0" },
        { "a short string", "$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1" },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void A_hash_is_that_of_the_published_vectors(string text, string stored)
    {
        using var password = Any.Secret(text);
        using var other = Any.Secret(text + "x");
        var hash = Sha512CryptPassword.Parse(stored).ShouldNotBeNull();

        hash.Matches(password).ShouldBeTrue();
        hash.Matches(other).ShouldBeFalse();
    }

    [Fact]
    public async Task A_hash_that_is_made_here_is_what_openssl_makes_of_password_salt_and_rounds()
    {
        using var folder = new ScratchFolder();
        for (var length = 1; length <= 200; length += 7)
        {
            var text = new string('x', length - 1) + "é";
            using var password = Any.Secret(text);
            var made = Sha512CryptPassword.Compute(password, 1_000).Text;

            var (code, said) = await Programs.RunAsync("/usr/bin/openssl", ["passwd", "-6", "-salt", string.Join('$', made.Split('$')[2..4]), "-in", folder.Write("password", text)], TestContext.Current.CancellationToken);

            (code, said.Trim()).ShouldBe((0, made));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("$6$rounds=x$salt$hash")]
    [InlineData("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8")]
    [InlineData("$6$rounds=999999999$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1")]
    public void What_is_no_such_hash_is_unknown(string stored) => Sha512CryptPassword.Parse(stored).ShouldBeNull();
}
