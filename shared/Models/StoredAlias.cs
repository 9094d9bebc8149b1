using Azure;

namespace CtSeg.Models;

/// <summary><c>models/current.json</c> as read, with the ETag that a replacement must match.</summary>
public sealed record StoredAlias(CurrentModel Model, ETag ETag)
{
    public ServedModel Served => new(Model.Version, Model.WeightsSha256) { ManifestSha256 = Model.ManifestSha256 };
}

/// <summary>What became of a move of the alias.</summary>
/// <param name="Done">False where another writer came first; nothing moved.</param>
/// <param name="Move">As noted, the model that served before included.</param>
/// <param name="Alias">As it stands after the attempt: the move's own, or that of whoever came first.</param>
/// <param name="Noted">False where the note about the end could not be written; what happened follows from the alias and later notes.</param>
public sealed record AliasMoveOutcome(bool Done, AliasMove Move, StoredAlias? Alias, bool Noted = true);

/// <summary>Where a rollback goes.</summary>
/// <param name="Read">The alias as it stands.</param>
/// <param name="To">Served before; jobs can load it.</param>
/// <param name="Before">Those that served before that one, the last one last.</param>
public sealed record WayBack(StoredAlias Read, ServedModel To, IReadOnlyList<ServedModel> Before);
