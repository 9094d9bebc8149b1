using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingJob.Retraining;

namespace CtSeg.TrainingJob;

/// <summary>The keys of the environment that models are signed and checked with.</summary>
internal sealed record ModelKeySettings(TrustedKeys Trusted, SigningKey? Signing)
{
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    /// <param name="signs">Whether the program signs models.</param>
    /// <param name="problems">One sentence a key that cannot be used; empty when all can.</param>
    public static ModelKeySettings Read(Func<string, string?> setting, bool signs, out IReadOnlyList<string> problems)
    {
        var found = new List<string>();
        var keys = new ModelKeySettings(
            Read(() => TrustedKeys.Read(setting(Settings.TrustedModelKeys)), found) ?? TrustedKeys.None,
            signs ? Read(() => SigningKey.Read(setting(Settings.ModelSigningKey)), found) : null);
        problems = found;
        return keys;
    }

    private static T? Read<T>(Func<T?> read, List<string> problems)
        where T : class
    {
        try
        {
            return read();
        }
        catch (UntrustedModelException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}
