using System.Globalization;
using PasswordSync.Core.Captures;

namespace PasswordSync.Demo;

/// <summary>What the demo does: a fixed run that verifies itself, or a talk with whoever sits there.</summary>
internal sealed class DemoRun(DemoLandscape landscape, DemoDisplay display, TextWriter output)
{
    /// <summary>How long one change may take.</summary>
    private static readonly TimeSpan ChangeBound = TimeSpan.FromMinutes(2);

    /// <summary>Changes passwords in the domain, also twice at once and refused ones, then signs in at both targets.</summary>
    /// <returns>The exit code: 0 if every target has what the domain has.</returns>
    public async Task<int> OnceAsync(CancellationToken cancellationToken)
    {
        output.WriteLine("A domain of ann, bob and cleo; targets: a user table (SQLite, PBKDF2) and a signed webhook.");
        await ChangeAsync("ann", "Autumn.2026!", cancellationToken).ConfigureAwait(false);
        await ChangeAsync("bob", "Pässwört.€.\U0001F511", cancellationToken).ConfigureAwait(false);
        await ChangeAsync("ann", "Winter.2026!", cancellationToken).ConfigureAwait(false);
        await ChangeAsync("cleo", "short", cancellationToken).ConfigureAwait(false);
        await ChangeAsync("cleo", "Spring.2027!", cancellationToken).ConfigureAwait(false);
        var good = Verify("ann", "Winter.2026!", "Autumn.2026!") & Verify("bob", "Pässwört.€.\U0001F511", "") & Verify("cleo", "Spring.2027!", "short");
        output.WriteLine(good ? "Every target has what the domain has." : "A target differs from the domain.");
        return good ? 0 : 1;
    }

    /// <summary>Reads lines "NAME NEW-PASSWORD" until the end of input, "quit" or a stop.</summary>
    public async Task<int> TalkAsync(TextReader input, CancellationToken cancellationToken)
    {
        output.WriteLine($"""
            Change a password in the domain and see it arrive: NAME NEW-PASSWORD   (people: {string.Join(", ", landscape.Domain.People)})
            Try it at the targets:                             check NAME PASSWORD
            End:                                               quit
            See it as operators do, from another window:       {landscape.Operate} sync explain ann
            """);
        while (!cancellationToken.IsCancellationRequested)
        {
            await output.WriteAsync("> ").ConfigureAwait(false);
            string? line;
            try
            {
                line = await input.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }

            switch (line?.Trim().Split(' ', 3))
            {
                case null or ["quit" or "exit"]:
                    return 0;
                case ["check", var name, var password]:
                    output.WriteLine($"  user table: {Say(landscape.Users.SignIn(name, password))}; webhook: {Say(landscape.Receiver.SignIn(name, password))}");
                    break;
                case [var name, .. var rest] when rest.Length > 0 && landscape.Domain.People.Contains(name, StringComparer.OrdinalIgnoreCase):
                    await ChangeAsync(name, string.Join(' ', rest), cancellationToken).ConfigureAwait(false);
                    break;
                case [""]:
                    break;
                default:
                    output.WriteLine($"  Not understood: type NAME NEW-PASSWORD with one of {string.Join(", ", landscape.Domain.People)}, check NAME PASSWORD, or quit.");
                    break;
            }
        }

        return 0;
    }

    private async Task ChangeAsync(string name, string password, CancellationToken cancellationToken)
    {
        var taken = await landscape.Domain.ChangeAsync(name, password, cancellationToken).ConfigureAwait(false);
        output.WriteLine(taken ? $"{name} changed the password:" : $"{name}'s new password is refused by the domain (it wants {DemoDomain.LengthMin} characters), after the hook had seen it:");
        try
        {
            await display.EndOf(new CaptureId(landscape.Hook.Last.CaptureId)).WaitAsync(ChangeBound, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  not at every target after {ChangeBound.TotalSeconds} s; it is tried again"));
        }
    }

    private bool Verify(string name, string password, string former)
    {
        var good = landscape.Users.SignIn(name, password) && landscape.Receiver.SignIn(name, password) && !landscape.Users.SignIn(name, former) && !landscape.Receiver.SignIn(name, former);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {(good ? "signs in at both targets with the new password, and not with the former" : "does NOT sign in as expected")}"));
        return good;
    }

    private static string Say(bool signedIn) => signedIn ? "signs in" : "does not sign in";
}
