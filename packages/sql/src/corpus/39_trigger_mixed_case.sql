Create Table T(A);
cReAtE tRiGgEr tr After Insert On T bEgIn Update T Set A = 2; eNd;
Insert Into T Values (1);