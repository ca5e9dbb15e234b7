namespace PasswordSync.Ldap.Tests.Support;

internal static class TaskAssertions
{
    /// <summary>
    /// Awaits the task and returns what it threw. Unlike the assertion library's own, it keeps the exact type of a cancellation.
    /// </summary>
    public static Task<TException> ShouldEndWithAsync<TException>(this Task task)
        where TException : Exception =>
        Assert.ThrowsAsync<TException>(() => task);
}
