"""What the kinds of sounds are called: phrases for the joint space, and the words by which captions name what is heard.

`PHRASES`: how a person may ask for a sound, several for each kind; the last one of each is never trained on, and is what the
figures ask with. `THINGS`: the source of the sound as captions of photos name it, or the action that is heard; kinds that no
photo shows have none.
"""

import re

PHRASES: dict[str, tuple[str, ...]] = {
    "airplane": ("an airplane flying overhead", "the roar of a jet plane", "a plane taking off", "an aeroplane passes in the sky", "propeller plane engine", "an aircraft coming in to land", "the noise of an airplane"),
    "breathing": ("someone breathing", "heavy breathing", "a person breathes in and out", "deep breaths", "panting after a run", "breath through the nose", "a person taking deep breaths"),
    "brushing teeth": ("brushing teeth", "someone brushes their teeth", "a toothbrush scrubbing", "a child cleaning his teeth with a toothbrush", "the scrubbing of a toothbrush", "tooth brushing in the bathroom", "a person is brushing her teeth"),
    "can opening": ("opening a can", "a soda can is opened", "the hiss of a beer can opening", "cracking open a can of soda", "pulling the tab of a can", "a fizzy drink is opened", "someone opens a can of cola"),
    "car horn": ("a car horn", "a car honking", "honking in traffic", "a driver blows the horn", "the beep of a car", "a taxi honks its horn", "cars honking in the street"),
    "cat": ("a cat meowing", "meow of a cat", "a kitten crying for food", "the mewing of a kitten", "a cat is calling", "a hungry cat meows", "meowing of a cat at the door"),
    "chainsaw": ("a chainsaw", "a chainsaw cutting wood", "a man cuts a tree with a chainsaw", "the buzz of a chain saw in the forest", "felling trees with a chainsaw", "a motor saw cutting logs", "a chainsaw running in the woods"),
    "chirping birds": ("birds chirping", "birds singing in the trees", "a songbird sings", "birdsong in the morning", "the twitter of small birds", "a bird chirping on a branch", "singing of birds in the garden"),
    "church bells": ("church bells ringing", "the bells of a church", "bells ring in the church tower", "tolling of a bell", "a cathedral bell", "bells chiming on Sunday", "the ringing of church bells"),
    "clapping": ("people clapping", "applause", "an audience clapping", "the crowd applauds", "clapping hands", "a round of applause", "an audience applauding after the show"),
    "clock alarm": ("an alarm clock ringing", "the beeping of an alarm clock", "an alarm goes off in the morning", "digital alarm beeps", "a wake up alarm", "the ring of an alarm clock", "a bedside alarm clock going off"),
    "clock tick": ("a clock ticking", "the tick of a clock", "tick tock of a wall clock", "an old clock ticks", "the second hand of a clock", "a pocket watch ticking", "ticking of a clock in a quiet room"),
    "coughing": ("someone coughing", "a man coughs", "a cough", "a sick person coughing", "a dry cough", "clearing the throat and coughing", "a person with a cold is coughing"),
    "cow": ("a cow mooing", "moo of a cow", "cows in a field", "cattle lowing on a farm", "a cow calls for her calf", "a bull bellowing", "mooing of cows in the pasture"),
    "crackling fire": ("a fire crackling", "crackling of a campfire", "wood burning in the fireplace", "a bonfire burns", "flames crackle", "logs burning in a fire", "the crackle of a campfire at night"),
    "crickets": ("crickets chirping", "crickets at night", "chirping of crickets in the grass", "a summer night with crickets", "cicadas and crickets", "a cricket in a meadow", "the sound of crickets in the evening"),
    "crow": ("a crow cawing", "caw of a crow", "crows calling", "a raven croaks", "a black crow on a tree", "cawing of ravens", "crows cawing in the field"),
    "crying baby": ("a baby crying", "a crying infant", "a baby screams", "the cry of a newborn baby", "a baby is upset and wails", "a toddler crying", "crying of a baby in the cradle"),
    "dog": ("a dog barking", "barking of a dog in the yard", "a dog barks", "the bark of a big dog", "woof of a puppy", "dogs barking at each other", "a puppy is barking"),
    "door wood creaks": ("a door creaking", "a creaky wooden door", "a wooden door opens slowly with a creak", "squeaking hinges of a door", "an old door squeaks", "the creak of a door in an old house", "a squeaky door being opened"),
    "door wood knock": ("knocking on a door", "a knock at the door", "someone knocks on a wooden door", "knock knock", "a visitor knocking", "a fist knocks on wood", "somebody is knocking at the door"),
    "drinking sipping": ("someone drinking", "sipping a drink", "slurping coffee", "a person drinks from a cup", "gulping water", "sipping hot tea", "a man slurps his drink"),
    "engine": ("an engine running", "a car engine", "the engine of a motorcycle", "a truck engine idling", "a motor starts", "a tractor engine", "revving of a car engine"),
    "fireworks": ("fireworks", "fireworks exploding in the sky", "rockets on New Year's Eve", "the bang of fireworks", "firecrackers", "a firework display", "fireworks at night with loud bangs"),
    "footsteps": ("footsteps", "someone walking", "steps on a wooden floor", "a person walks down the hall", "footsteps on gravel", "walking up the stairs in shoes", "the steps of a man walking"),
    "frog": ("a frog croaking", "croak of a frog", "frogs in a pond", "toads croaking at night", "ribbit of a frog", "frogs calling in a swamp", "croaking of frogs at the lake"),
    "glass breaking": ("glass breaking", "a window shatters", "the smashing of a bottle", "a glass falls and breaks", "breaking glass", "shattering of a window pane", "a bottle is smashed to pieces"),
    "hand saw": ("a hand saw", "sawing wood by hand", "a carpenter saws a board", "the sawing of wood", "a man saws a plank", "cutting wood with a handsaw", "a saw going through a wooden board"),
    "helicopter": ("a helicopter", "a helicopter flying over", "the rotor of a helicopter", "a chopper in the air", "a helicopter hovering", "the blades of a helicopter", "a helicopter passes overhead"),
    "hen": ("a hen clucking", "clucking of chickens", "hens in a coop", "chickens on a farm", "a chicken cackles", "a hen lays an egg", "the cluck of a hen"),
    "insects": ("insects buzzing", "a fly buzzing", "the buzz of bees", "a mosquito in the ear", "a swarm of flies", "a bee flies around", "the humming of insects"),
    "keyboard typing": ("typing on a keyboard", "someone types on a computer", "the clatter of keys on a keyboard", "a person working on a laptop", "typing in an office", "computer keyboard keys being pressed", "fast typing on a computer keyboard"),
    "laughing": ("people laughing", "laughter", "a child laughing", "a man laughs out loud", "giggling", "friends laugh at a joke", "a woman laughing"),
    "mouse click": ("a mouse click", "clicking a computer mouse", "mouse button clicks", "someone clicks with the mouse", "the click of a mouse", "double click on a computer", "clicks of a computer mouse"),
    "pig": ("a pig grunting", "oink of a pig", "pigs in a sty", "the squeal of a piglet", "a hog snorting", "pigs on a farm", "grunting of pigs"),
    "pouring water": ("pouring water", "water is poured into a glass", "filling a cup with water", "pouring a drink", "liquid poured from a jug", "a glass being filled", "someone pours water into a glass"),
    "rain": ("rain falling", "the sound of rain", "heavy rain on the roof", "a rainy day", "raindrops on the window", "a downpour", "rain pouring down in the street"),
    "rooster": ("a rooster crowing", "cock a doodle doo", "a rooster at sunrise", "the crow of a rooster", "a cockerel on a farm", "a rooster calls in the morning", "crowing of a rooster"),
    "sea waves": ("sea waves", "waves breaking on the beach", "the ocean surf", "waves crash on the shore", "the sea at the coast", "ocean waves rolling in", "waves on the beach"),
    "sheep": ("a sheep bleating", "baa of a lamb", "sheep in a meadow", "a flock of sheep", "the bleat of a goat", "lambs calling their mother", "bleating of sheep on the farm"),
    "siren": ("a siren", "a police siren", "an ambulance with its siren on", "a fire truck passes with sirens", "wailing of an emergency siren", "police cars with sirens", "the siren of a fire engine"),
    "sneezing": ("someone sneezing", "a sneeze", "a man sneezes", "achoo", "a loud sneeze", "sneezing because of a cold", "a person sneezes"),
    "snoring": ("someone snoring", "a man snores in bed", "the snore of a sleeping person", "loud snoring at night", "a sleeper snoring", "heavy snoring", "a person is asleep and snores"),
    "thunderstorm": ("a thunderstorm", "thunder", "rolling thunder", "lightning and thunder", "a storm with thunder and rain", "a clap of thunder", "thunder rumbling in the distance"),
    "toilet flush": ("a toilet flushing", "flush of a toilet", "someone flushes the toilet", "water flushing in the bathroom", "the toilet is flushed", "a flushing toilet bowl", "the flush of a toilet in the bathroom"),
    "train": ("a train passing", "a train on the tracks", "a steam train whistles", "a locomotive", "the rattle of a train on rails", "a railway train coming into the station", "a train passes"),
    "vacuum cleaner": ("a vacuum cleaner", "vacuuming the carpet", "someone hoovers the floor", "the hum of a vacuum cleaner", "cleaning with a vacuum", "a hoover is switched on", "a vacuum cleaner running in the living room"),
    "washing machine": ("a washing machine", "laundry in the washing machine", "a washer spinning", "the spin cycle of a washing machine", "clothes are washed in a machine", "a washing machine running", "the washing machine is doing the laundry"),
    "water drops": ("water dripping", "drops of water", "a dripping tap", "a leaking faucet", "drip drop of water", "water drips into a sink", "dripping water in a cave"),
    "wind": ("wind blowing", "the howling of the wind", "a strong wind", "a gust of wind", "a windy day", "wind in the trees", "the wind howls around the house"),
}

THINGS: dict[str, str] = {
    "airplane": r"airplanes?|aeroplanes?|planes?|jets?(?! ?-?skis?)|aircrafts?|airliners?|biplanes?",
    "brushing teeth": r"tooth ?brush(es)?|brush(es|ing)? (his|her|their) teeth",
    "car horn": r"cars?|taxis?|cabs?|traffic",
    "cat": r"cats?|kittens?|kitty|kitties",
    "chainsaw": r"chain ?saws?",
    "chirping birds": r"birds?|parrots?|sparrows?|pigeons?|parakeets?",
    "church bells": r"church(es)?|steeples?|cathedrals?|bell towers?",
    "clapping": r"clap(s|ping)?|applau(ds?|ding|se)|audience",
    "clock alarm": r"clocks?",
    "clock tick": r"clocks?",
    "coughing": r"cough(s|ing)?",
    "cow": r"cows?|cattle|bulls?|cal(f|ves)",
    "crackling fire": r"fire(?! ?(hydrant|truck|engine|station|escape|extinguisher|department|fighter|man|place))|campfires?|bonfires?|flames?|fireplaces?",
    "crow": r"crows?|ravens?",
    "crying baby": r"bab(y|ies)|infants?",
    "dog": r"(?<!hot )(?<!hot-)dogs?|pupp(y|ies)",
    "door wood creaks": r"doors?|doorways?",
    "door wood knock": r"doors?|doorways?",
    "drinking sipping": r"drink(s|ing)?|sip(s|ping)?",
    "engine": r"motorcycles?|motorbikes?|motorcyclists?|dirt ?bikes?|engines?|motors?|atvs?|tractors?|trucks?|cars?|bus(es)?",
    "fireworks": r"fireworks?",
    "footsteps": r"walk(s|ing)?",
    "frog": r"frogs?|toads?",
    "glass breaking": r"broken (glass|window)|shattered|breaking glass",
    "hand saw": r"sawing|hand ?saws?",
    "helicopter": r"helicopters?",
    "hen": r"hens?|chickens?",
    "insects": r"insects?|bees?|fl(y|ies) on|mosquito(es)?",
    "keyboard typing": r"keyboards?|typ(es|ing)|laptops?|computers?",
    "laughing": r"laugh(s|ing)?",
    "mouse click": r"mouse|computers?",
    "pig": r"pigs?|piglets?|hogs?",
    "pouring water": r"pour(s|ing|ed)?",
    "rain": r"rain(s|ing|y)?",
    "rooster": r"roosters?|chickens?",
    "sea waves": r"sea|oceans?|beach(es)?|waves?(?! (his|her|their|at|to|a))|shores?|seashore|surf",
    "sheep": r"sheep|lambs?",
    "siren": r"police|ambulances?|fire ?(trucks?|engines?)",
    "sneezing": r"sneez(es?|ing)",
    "snoring": r"snor(es?|ing)",
    "thunderstorm": r"lightning|thunder|storms?|stormy",
    "toilet flush": r"toilets?",
    "train": r"trains?|locomotives?|subway",
    "vacuum cleaner": r"vacuum(s|ing)?|hoover",
    "washing machine": r"washing machines?|washers?|laundry",
    "water drops": r"drip(s|ping)?|drops? of water|faucets?",
    "wind": r"wind|windy",
}


def trained_phrases(kind: str) -> tuple[str, ...]:
    """The phrases that training sees, and the plain name of the kind."""
    return (*PHRASES[kind][:-1], kind)


def held_out_phrase(kind: str) -> str:
    """The phrase that training never sees."""
    return PHRASES[kind][-1]


def names(kind: str, captions: list[str]) -> bool:
    """Whether any of a photo's captions names what is heard."""
    words = THINGS.get(kind)
    return words is not None and any(re.search(rf"\b({words})\b", caption.lower()) for caption in captions)
